from . import aftersale_call
from . import aftersale_erasure
