"""A decision in the making: the changed state, its effects and its answer."""
