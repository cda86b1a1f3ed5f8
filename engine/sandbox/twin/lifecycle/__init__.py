"""The course of a subscription: the calls that steer it, schedules, and what happens as time passes."""
