"""What changes by itself: regular looks at the hardware, on one thread a device, for as long as somebody wants to know."""

from .sampler import Sampler
from .schedule import Subscription

__all__ = ["Sampler", "Subscription"]
