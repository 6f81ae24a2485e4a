"""A house of simulators: every provider answered on this machine, with state that survives and trouble on
demand.
"""
