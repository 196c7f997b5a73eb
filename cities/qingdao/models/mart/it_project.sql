/*---
name: mart.it_project
label: {en: IT projects, zh: 信息化项目}
description:
  en: "One row an IT project approved by the day, with how far it has come. Whether a project is an island says the island detector, not this table."
  zh: 截至当日已立项的每个信息化项目一行，含进度；是否形成孤岛以孤岛检测结果为准。
key: [project_no]
inputs:
  big_data.project_register: {}
columns:
  project_no: {type: VARCHAR, en: Project, zh: 项目编号}
  name: {type: VARCHAR, en: Name, zh: 项目名称}
  department_id: {type: VARCHAR, en: Department, zh: 部门}
  budget: {type: "DECIMAL(16,2)", en: "Budget, yuan", zh: 预算（元）}
  approved_on: {type: DATE, en: Day of approval, zh: 立项日期}
  stage: {type: VARCHAR, en: "approved, catalogued, pooled or accepted: how far it has come", zh: "阶段：approved 已立项、catalogued 已编目、pooled 已归集、accepted 已验收"}
  accepted_on: {type: DATE, en: "Day of acceptance, empty: not yet", zh: 验收日期}
  days: {type: BIGINT, en: "Days from approval to acceptance, or to this day", zh: 历时天数}
---*/
SELECT project_no, name, department_id, budget, approved_on,
       CASE WHEN accepted_on <= getvariable('as_of_day') THEN 'accepted' WHEN pooled_on <= getvariable('as_of_day') THEN 'pooled'
            WHEN catalogued_on <= getvariable('as_of_day') THEN 'catalogued' ELSE 'approved' END AS stage,
       CASE WHEN accepted_on <= getvariable('as_of_day') THEN accepted_on END AS accepted_on,
       CAST(date_diff('day', approved_on, CASE WHEN accepted_on <= getvariable('as_of_day') THEN accepted_on ELSE getvariable('as_of_day') END)
            AS BIGINT) AS days
FROM big_data.project_register
WHERE approved_on <= getvariable('as_of_day')
