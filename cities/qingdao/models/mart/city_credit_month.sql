/*---
name: mart.city_credit_month
label: {en: Rank in the national credit monitoring, zh: 城市信用监测排名}
description: {en: "One row a month published by the day, with the change against the month before.", zh: 截至当日已发布的每个月份一行，及较上月变化。}
key: [month]
inputs:
  development_reform.city_credit_rank: {}
columns:
  month: {type: DATE, en: First day of the month, zh: 月份}
  published_on: {type: DATE, en: Day of publication, zh: 发布日期}
  city_rank: {type: BIGINT, en: Rank, zh: 名次}
  cities: {type: BIGINT, en: Cities ranked, zh: 参评城市数}
  score: {type: DOUBLE, en: Score, zh: 得分}
  risen: {type: BIGINT, en: "Places gained on the month before, empty: the first month", zh: 较上月上升名次}
  top_ten: {type: BOOLEAN, en: Whether among the first ten, zh: 是否前十}
---*/
SELECT month, published_on, city_rank, cities, score, lag(city_rank) OVER (ORDER BY month) - city_rank AS risen, city_rank <= 10 AS top_ten
FROM development_reform.city_credit_rank
WHERE published_on <= getvariable('as_of_day')
