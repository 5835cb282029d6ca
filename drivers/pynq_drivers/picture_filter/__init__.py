"""The picture filter of the video demonstration (``notebooks/designs/video.hwh``), an HLS core with AXI4-Stream video in and out.

Its C function, whose interfaces are those of ``s_axi_control`` in the design (layout as in AMD UG1399, "S_AXILITE Control Register Map")::

    void picture_filter(hls::stream<pixels> &x, hls::stream<pixels> &y, ap_int<8> kernel[9], ap_uint<13> rows, ap_uint<3> channels,
                        ap_uint<5> shift, ap_int<9> offset);   // ap_ctrl_none: it works from reset on

Streams are as AMD PG020 has them: a packet is a line, TUSER marks the first of a picture. Each byte of ``y`` is the sum of the 3 × 3 bytes
of its colour around it, weighted by ``kernel``, shifted right by ``shift`` bits, plus ``offset``, clipped to 0 to 255. Beyond the edges the
picture goes on as it ends. ``channels`` bytes make a pixel, ``rows`` lines a picture.
"""
