"""``pynq.overlays``: the overlays that the images of boards bring. Their designs are the boards'; what is here makes one usable."""
