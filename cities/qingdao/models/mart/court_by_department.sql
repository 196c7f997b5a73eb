/*---
name: mart.court_by_department
label: {en: Court appearance by year and department, zh: 出庭应诉（按年度、部门）}
description: {en: One row a year and department that was sued., zh: 每个年度与被诉部门一行。}
key: [year, department_id]
inputs:
  mart.court_instance: {}
columns:
  year: {type: BIGINT, en: Year of the first hearing, zh: 年度}
  department_id: {type: VARCHAR, en: Department sued, zh: 被诉部门}
  instances: {type: BIGINT, en: Cases by instance, zh: 案件数（按审级）}
  justified: {type: BIGINT, en: Of these outside the rate for justified absence, zh: 其中有正当理由不计入}
  appeared: {type: BIGINT, en: With the head or the deputy in charge, zh: 负责人出庭}
  chief: {type: BIGINT, en: With the head, zh: 正职出庭}
  spoke: {type: BIGINT, en: With an official who spoke, zh: 出庭发声}
  appearance: {type: DOUBLE, en: "Appeared of those that count, %; empty: none counts", zh: 出庭应诉率（%）}
---*/
SELECT year, department_id, count(*) AS instances, count(CASE WHEN NOT counted THEN 1 END) AS justified,
       count(CASE WHEN appeared THEN 1 END) AS appeared, count(CASE WHEN chief THEN 1 END) AS chief,
       count(CASE WHEN appeared AND spoke THEN 1 END) AS spoke,
       round(100 * CAST(count(CASE WHEN appeared THEN 1 END) AS DOUBLE) / nullif(count(CASE WHEN counted THEN 1 END), 0), 1) AS appearance
FROM mart.court_instance
GROUP BY year, department_id
