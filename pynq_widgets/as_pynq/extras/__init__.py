"""What only PYNQ's own tests, and people who reach into PYNQ's insides, look for.

A file has the name of the PYNQ module (``pl_server.device``: ``pl_server_device``) and a function ``extend(module, put)``, which adds to
our module by ``put(target, name, value)``. It is called when the module is first imported as ``pynq.…`` and after each reload; what was
put is taken back when the alias is uninstalled.
"""
