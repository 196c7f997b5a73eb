/*---
name: mart.guide_missing
label: {en: Service items without a guide, zh: 无办事指南的事项}
description: {en: One row a service item of the citizens' centre that has no guide on the day., zh: 截至当日无办事指南的政务服务事项每项一行。}
key: [item_code]
inputs:
  approval.service_guide: {}
columns:
  item_code: {type: VARCHAR, en: Item, zh: 事项编码}
  name: {type: VARCHAR, en: Name, zh: 事项名称}
  department_id: {type: VARCHAR, en: Department that must write it, zh: 责任部门}
  any_window: {type: BOOLEAN, en: Whether any window should take it, zh: 是否综窗受理}
  windows: {type: BIGINT, en: Windows that take it, zh: 受理窗口数}
  planned_on: {type: DATE, en: "Day its guide will be published, empty: unknown", zh: 指南拟发布日期}
---*/
SELECT item_code, name, department_id, any_window, windows, guide_published_on AS planned_on
FROM approval.service_guide
WHERE guide_published_on IS NULL OR guide_published_on > getvariable('as_of_day')
