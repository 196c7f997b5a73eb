/*---
name: mart.network
label: {en: Departments' networks, zh: 业务专网整合}
description: {en: "One row a network with its state on the day: merged, moving, kept for a reason, or planned.", zh: 每个业务专网一行，含当日状态：merged 已整合、moving 迁移中、kept 保留、planned 计划中。}
key: [network_no]
inputs:
  big_data.network_register: {}
columns:
  network_no: {type: VARCHAR, en: Network, zh: 专网编号}
  name: {type: VARCHAR, en: Name, zh: 专网名称}
  department_id: {type: VARCHAR, en: Department, zh: 部门}
  sites: {type: BIGINT, en: Sites it connects, zh: 接入点数}
  state: {type: VARCHAR, en: "merged, moving, kept or planned", zh: 状态}
  since: {type: DATE, en: "Day since which it is in that state, empty: kept", zh: 状态起始日期}
  days: {type: BIGINT, en: "Days in that state, empty: kept", zh: 状态持续天数}
  kept_reason: {type: VARCHAR, en: Why it is kept, zh: 保留原因}
---*/
WITH stated AS (
  SELECT network_no, name, department_id, sites, kept_reason,
         CASE WHEN merged_on <= getvariable('as_of_day') THEN 'merged' WHEN moving_since <= getvariable('as_of_day') THEN 'moving'
              WHEN kept_reason IS NOT NULL THEN 'kept' ELSE 'planned' END AS state,
         CASE WHEN merged_on <= getvariable('as_of_day') THEN merged_on WHEN moving_since <= getvariable('as_of_day') THEN moving_since
              WHEN kept_reason IS NOT NULL THEN NULL ELSE planned_on END AS since
  FROM big_data.network_register
)
SELECT network_no, name, department_id, sites, state, since, CAST(date_diff('day', since, getvariable('as_of_day')) AS BIGINT) AS days, kept_reason
FROM stated
