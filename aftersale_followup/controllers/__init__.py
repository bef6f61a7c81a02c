from . import aftersale_followup
from . import export
from . import short_link
