from . import aftersale_call
from . import aftersale_plan_start
from . import aftersale_holiday
from . import aftersale_holiday_line
from . import base_partner_merge
from . import aftersale_erasure
