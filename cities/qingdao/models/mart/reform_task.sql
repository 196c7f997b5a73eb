/*---
name: mart.reform_task
label: {en: Reform tasks, zh: 改革任务}
description:
  en: "One row a task of the first level - a reform, a field, an aspect - with the completion of the measures below it, from their dates."
  zh: 每个一级任务一行，及其下二级任务的完成情况，依完成日期计算。
key: [task_no]
inputs:
  reform_office.task_register: {}
columns:
  task_no: {type: VARCHAR, en: Task, zh: 任务编号}
  programme: {type: VARCHAR, en: Programme, zh: 方案}
  title: {type: VARCHAR, en: Title, zh: 任务名称}
  department_id: {type: VARCHAR, en: Department that leads, zh: 牵头部门}
  due_on: {type: DATE, en: Day it is due, zh: 时限}
  completed_on: {type: DATE, en: "Day it was reported complete, empty: not yet", zh: 报完成日期}
  measures: {type: BIGINT, en: Measures below it, zh: 二级任务数}
  measures_done: {type: BIGINT, en: Of these done by the day, zh: 已完成}
  measures_overdue: {type: BIGINT, en: Of these overdue, zh: 逾期未完成}
  done_share: {type: DOUBLE, en: "Measures done, %; empty: it has none", zh: 完成率（%）}
  claimed: {type: BOOLEAN, en: Whether it is reported complete while a measure is not, zh: 是否报完成而二级任务未完成}
---*/
WITH measures AS (
  SELECT parent_no, count(*) AS measures, count(CASE WHEN completed_on <= getvariable('as_of_day') THEN 1 END) AS done,
         count(CASE WHEN due_on <= getvariable('as_of_day') AND (completed_on IS NULL OR completed_on > getvariable('as_of_day')) THEN 1 END)
           AS overdue
  FROM reform_office.task_register
  WHERE task_level = 2
  GROUP BY parent_no
)
SELECT t.task_no, t.programme, t.title, t.department_id, t.due_on,
       CASE WHEN t.completed_on <= getvariable('as_of_day') THEN t.completed_on END AS completed_on, coalesce(m.measures, 0) AS measures,
       coalesce(m.done, 0) AS measures_done, coalesce(m.overdue, 0) AS measures_overdue,
       round(100 * CAST(m.done AS DOUBLE) / m.measures, 1) AS done_share,
       coalesce(t.completed_on <= getvariable('as_of_day') AND m.done < m.measures, FALSE) AS claimed
FROM reform_office.task_register AS t
LEFT JOIN measures AS m ON m.parent_no = t.task_no
WHERE t.task_level = 1
