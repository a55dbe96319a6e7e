"""How a date is worded on pages, in mails and in admin: `{{ case.ship_date|date }}`.

Times are worded with their zone by `portal.writing.times`, and by these where Django writes them.
"""

DATE_FORMAT = "D, M j, Y"
DATETIME_FORMAT = "M j, Y, g:i A T"
TIME_FORMAT = "g:i A"
