from . import aftersale_call
from . import aftersale_plan_start
from . import aftersale_erasure
