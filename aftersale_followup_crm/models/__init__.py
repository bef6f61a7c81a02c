from . import aftersale_feedback
from . import crm_lead
