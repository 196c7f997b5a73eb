/*---
name: mart.licence_by_kind
label: {en: Licences by kind, zh: 证照种类统计}
description:
  en: "One row a kind of electronic licence; a kind of which the lake holds none stands here with zeros. States are those of the issuing department: outlived counts the electronic licences still shown as valid that are not valid by it. in_registers counts licences without an electronic one."
  zh: 每类电子证照一行；湖内尚无记录的种类计数为零。状态依发证机关登记；outlived 为电子证照仍显示有效而发证机关已不认可者；in_registers 为尚无电子证照者。
key: [kind]
inputs:
  mart.licence: {}
  reference.licence_kinds: {}
columns:
  kind: {type: VARCHAR, en: Kind, zh: 证照类型}
  kind_name: {type: VARCHAR, en: Name of the kind, zh: 证照类型名称}
  licences: {type: BIGINT, en: Electronic licences, zh: 电子证照数}
  valid: {type: BIGINT, en: Valid on the day, zh: 有效}
  expired: {type: BIGINT, en: Expired, zh: 过期}
  revoked: {type: BIGINT, en: Revoked, zh: 吊销}
  cancelled: {type: BIGINT, en: Cancelled, zh: 注销}
  firms: {type: BIGINT, en: Licences held by firms, zh: 法人持有}
  persons: {type: BIGINT, en: Licences held by persons, zh: 自然人持有}
  suspended: {type: BIGINT, en: Suspended, zh: 暂停}
  holder_unknown: {type: BIGINT, en: Licences whose holder is joined to no entity, zh: 持证主体未关联}
  shown_valid: {type: BIGINT, en: Electronic licences shown as valid, zh: 电子证照显示有效}
  outlived: {type: BIGINT, en: Of these not valid by the department that issued them, zh: 其中发证机关已失效}
  in_registers: {type: BIGINT, en: Licences of registers without an electronic one, zh: 仅见于登记信息}
---*/
SELECT k.code AS kind, k.name AS kind_name, count(CASE WHEN l.electronic THEN 1 END) AS licences,
       count(CASE WHEN l.electronic AND l.state = 'valid' THEN 1 END) AS valid,
       count(CASE WHEN l.electronic AND l.state = 'expired' THEN 1 END) AS expired,
       count(CASE WHEN l.electronic AND l.state = 'revoked' THEN 1 END) AS revoked,
       count(CASE WHEN l.electronic AND l.state = 'cancelled' THEN 1 END) AS cancelled,
       count(CASE WHEN l.electronic AND l.holder_kind = 'firm' THEN 1 END) AS firms,
       count(CASE WHEN l.electronic AND l.holder_kind = 'person' THEN 1 END) AS persons,
       count(CASE WHEN l.electronic AND l.state = 'suspended' THEN 1 END) AS suspended,
       count(CASE WHEN l.electronic AND NOT l.holder_known THEN 1 END) AS holder_unknown,
       count(CASE WHEN l.electronic_valid THEN 1 END) AS shown_valid,
       count(CASE WHEN l.electronic_valid AND l.state <> 'valid' THEN 1 END) AS outlived,
       count(CASE WHEN NOT l.electronic THEN 1 END) AS in_registers
FROM reference.licence_kinds AS k
LEFT JOIN mart.licence AS l ON l.kind = k.code
GROUP BY k.code, k.name
