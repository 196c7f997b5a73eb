/*---
name: mart.service_by_department
label: {en: Services by department, zh: 服务事项（按部门）}
description:
  en: "One row a department and category of the items of the city's app. An item merged into another one is counted there only; a withdrawn one is not active."
  zh: 移动端事项每个部门与类别一行；并入其他事项者只计一次，已下架者不计入在用。
key: [department_id, category]
inputs:
  big_data.service_item: {}
columns:
  department_id: {type: VARCHAR, en: Department, zh: 部门}
  category: {type: VARCHAR, en: Category, zh: 类别}
  active: {type: BIGINT, en: Items active on the day, zh: 在用事项}
  merged: {type: BIGINT, en: Items merged into another one, zh: 已合并事项}
  withdrawn: {type: BIGINT, en: Items withdrawn by the day, zh: 已下架事项}
  published_90_days: {type: BIGINT, en: Of the active ones published in the last 90 days, zh: 近90日新增}
---*/
SELECT department_id, category,
       count(CASE WHEN merged_into IS NULL AND (withdrawn_on IS NULL OR withdrawn_on > getvariable('as_of_day')) THEN 1 END) AS active,
       count(merged_into) AS merged,
       count(CASE WHEN merged_into IS NULL AND withdrawn_on <= getvariable('as_of_day') THEN 1 END) AS withdrawn,
       count(CASE WHEN merged_into IS NULL AND (withdrawn_on IS NULL OR withdrawn_on > getvariable('as_of_day'))
                       AND date_diff('day', published_on, getvariable('as_of_day')) < 90 THEN 1 END) AS published_90_days
FROM big_data.service_item
WHERE published_on <= getvariable('as_of_day')
GROUP BY department_id, category
