/*---
name: mart.business_indicator
label: {en: Indicators of the business environment, zh: 营商环境指标树}
description:
  en: "One row a node of the tree: 18 first-level and 87 second-level indicators. A leaf that names a figure has its value in sharing.scorecard; a leaf without one has no data, which is not 0 (examples/indicators.sql joins them)."
  zh: 指标树每个节点一行：18 个一级、87 个二级指标。叶节点所引指标的数值见 sharing.scorecard；未引指标者为无数据，而非 0。
key: [node_no]
inputs:
  development_reform.business_indicator: {}
columns:
  node_no: {type: VARCHAR, en: Number of the node, zh: 指标编号}
  parent_no: {type: VARCHAR, en: "Number of the node above, empty: first level", zh: 上级指标编号}
  level: {type: BIGINT, en: "1 or 2", zh: 层级}
  name: {type: VARCHAR, en: Name, zh: 指标名称}
  department_id: {type: VARCHAR, en: "Department that answers for it, empty: several", zh: 责任部门}
  figure: {type: VARCHAR, en: "Figure of the scorecard that measures it, empty: none", zh: 对应记分牌指标}
  leaves: {type: BIGINT, en: Second-level indicators in it, zh: 二级指标数}
  measured: {type: BIGINT, en: Of these with a figure, zh: 其中有对应指标}
---*/
SELECT first_no AS node_no, CAST(NULL AS VARCHAR) AS parent_no, CAST(1 AS BIGINT) AS level, min(first_name) AS name,
       CASE WHEN count(DISTINCT department_id) = 1 THEN min(department_id) END AS department_id, CAST(NULL AS VARCHAR) AS figure,
       count(*) AS leaves, count(figure) AS measured
FROM development_reform.business_indicator
GROUP BY first_no
UNION ALL
SELECT second_no AS node_no, first_no AS parent_no, CAST(2 AS BIGINT) AS level, second_name AS name, department_id, figure,
       CAST(1 AS BIGINT) AS leaves, CAST(CASE WHEN figure IS NULL THEN 0 ELSE 1 END AS BIGINT) AS measured
FROM development_reform.business_indicator
