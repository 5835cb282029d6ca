"""The FIR filter of the demonstration design (``notebooks/designs/demo.hwh``), an HLS core with AXI4-Stream in and out.

Its C function, whose interfaces are those of ``s_axi_control`` in the design (layout as in AMD UG1399, "S_AXILITE Control Register Map")::

    void fir(hls::stream<axis16> &x, hls::stream<axis16> &y, ap_int<16> coefficients[32], ap_uint<6> taps, ap_uint<5> shift, int *clipped);

One start handles one packet: each sample ``y[n]`` is the sum of ``coefficients[k] * x[n - k]`` for ``k < taps``, shifted right by ``shift``
bits, clipped to 16 bits. Before the packet there are zeros.
"""
