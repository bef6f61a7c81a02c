from . import aftersale_followup
from . import aftersale_pretest
from . import answers
from . import export
from . import short_link
from . import aftersale_form
from . import aftersale_issue
from . import portal
