from . import aftersale_feedback
from . import aftersale_timeline
from . import crm_lead
