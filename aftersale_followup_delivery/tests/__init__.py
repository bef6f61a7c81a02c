from . import test_transit
