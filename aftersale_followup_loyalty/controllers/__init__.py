from . import aftersale_followup
