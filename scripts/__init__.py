"""Programs for those who develop, check or try out Yizhan; nothing here is needed where it runs.

environment.py prepares `.venv`; check.py runs every check; vendor.py and data.py renew files that come from
other projects; sample/ makes up people, employers and days for demo, bench and tests.
"""
