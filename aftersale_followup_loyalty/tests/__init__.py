from . import test_compensation_coupon
from . import test_reward
from . import test_reward_anonymous
from . import test_reward_draw
from . import test_reward_page
from . import test_reward_privacy
from . import test_reward_rights
