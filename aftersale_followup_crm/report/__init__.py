from . import aftersale_analysis_report
from . import aftersale_figures
