from . import aftersale_call
