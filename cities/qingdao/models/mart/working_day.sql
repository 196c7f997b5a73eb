/*---
name: mart.working_day
label: {en: Working days, zh: 工作日序}
description:
  en: "One row a day of the city's calendar. nth counts the working days up to and including it: the difference of two nth is the working days that lie between two days, the first one not counted."
  zh: 日历每日一行；nth 为截至当日（含）的工作日累计数，两日 nth 之差即其间工作日数（首日不计）。
key: [day]
inputs:
  reference.calendar: {}
columns:
  day: {type: DATE, en: Day, zh: 日期}
  working: {type: BOOLEAN, en: Whether people work on that day, zh: 是否工作日}
  nth: {type: BIGINT, en: Working days from the start of the calendar to this day, zh: 累计工作日}
---*/
SELECT day, working, CAST(sum(CASE WHEN working THEN 1 ELSE 0 END) OVER (ORDER BY day ROWS UNBOUNDED PRECEDING) AS BIGINT) AS nth
FROM reference.calendar
