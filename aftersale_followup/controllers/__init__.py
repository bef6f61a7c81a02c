from . import aftersale_followup
from . import export
