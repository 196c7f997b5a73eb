/*---
name: mart.system_by_department
label: {en: Information systems by department, zh: 信息系统（按部门）}
description:
  en: "One row a department and level: its systems in use on the day, how many of those in scope moved to the government cloud, and those taken out of the scope, which would raise the share unseen."
  zh: 每个部门与层级一行：在用系统、上云范围内系统及已迁移数、移出范围数（移出范围会无形抬高上云率）。
key: [department_id, level]
inputs:
  big_data.system_register: {}
columns:
  department_id: {type: VARCHAR, en: Department, zh: 部门}
  level: {type: VARCHAR, en: Level, zh: 层级}
  systems: {type: BIGINT, en: Systems in use, zh: 在用系统}
  in_scope: {type: BIGINT, en: Of these in the scope of the cloud, zh: 上云范围内}
  migrated: {type: BIGINT, en: Of these moved to the cloud, zh: 已上云}
  cloud_share: {type: DOUBLE, en: "Moved of those in scope, %; empty: none in scope", zh: 上云率（%）}
  excluded: {type: BIGINT, en: Taken out of the scope by the day, zh: 移出范围}
  catalogued: {type: BIGINT, en: With a catalogue entry, zh: 已编目}
---*/
WITH used AS (
  SELECT department_id, level, in_scope OR coalesce(scope_changed_on > getvariable('as_of_day'), FALSE) AS in_scope,
         coalesce(migrated_on <= getvariable('as_of_day'), FALSE) AS migrated, catalogue_code
  FROM big_data.system_register
  WHERE built_on <= getvariable('as_of_day') AND (retired_on IS NULL OR retired_on > getvariable('as_of_day'))
)
SELECT department_id, level, count(*) AS systems, count(CASE WHEN in_scope THEN 1 END) AS in_scope,
       count(CASE WHEN in_scope AND migrated THEN 1 END) AS migrated,
       round(100 * CAST(count(CASE WHEN in_scope AND migrated THEN 1 END) AS DOUBLE) / nullif(count(CASE WHEN in_scope THEN 1 END), 0), 1)
         AS cloud_share,
       count(CASE WHEN NOT in_scope THEN 1 END) AS excluded, count(catalogue_code) AS catalogued
FROM used
GROUP BY department_id, level
