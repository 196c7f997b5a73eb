/*---
name: mart.paper_holding
label: {en: Paper holdings by series and decade, zh: 纸质档案（按门类、年代）}
description: {en: "One row a department, series and decade.", zh: 每个部门、门类与年代一行。}
key: [department_id, series, year_from]
inputs:
  archives.paper_holding: {}
columns:
  department_id: {type: VARCHAR, en: Department that holds it, zh: 保管部门}
  series: {type: VARCHAR, en: Series, zh: 档案门类}
  year_from: {type: BIGINT, en: First year, zh: 起始年}
  year_to: {type: BIGINT, en: Last year, zh: 终止年}
  volumes: {type: BIGINT, en: Volumes, zh: 卷数}
  digitised: {type: BIGINT, en: Of these digitised, zh: 已数字化卷数}
  digitised_share: {type: DOUBLE, en: "Digitised, %", zh: 数字化率（%）}
  resource: {type: VARCHAR, en: "Resource they were digitised into, empty: none", zh: 数字化后所入资源}
---*/
SELECT department_id, series, year_from, max(year_to) AS year_to, CAST(sum(volumes) AS BIGINT) AS volumes,
       CAST(sum(digitised_volumes) AS BIGINT) AS digitised,
       round(100 * CAST(sum(digitised_volumes) AS DOUBLE) / nullif(sum(volumes), 0), 1) AS digitised_share, min(resource) AS resource
FROM archives.paper_holding
WHERE counted_on <= getvariable('as_of_day')
GROUP BY department_id, series, year_from
