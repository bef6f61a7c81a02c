from . import aftersale_analysis_report
from . import aftersale_disclosure
from . import aftersale_feedback_report
from . import aftersale_figures
from . import aftersale_figures_improvement
from . import aftersale_figures_loop
