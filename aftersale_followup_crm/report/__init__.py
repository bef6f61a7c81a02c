from . import aftersale_analysis_report
from . import aftersale_figures
from . import aftersale_overview
