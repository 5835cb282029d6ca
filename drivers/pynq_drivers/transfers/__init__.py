"""What the drivers of DMA cores share: checks, transfers that can be waited for, their queue, descriptors, progress and diagnosis.

A driver derives a `Carrier` (what its registers do), gives it to a `TransferQueue`, and hands out `Transfer`\\ s.
"""
