"""Expressions that may stand in a model, and rows on which the two engines would differ if they were not written for Spark."""

from __future__ import annotations

TABLE = "proof.cases"
TYPES = {
    "k": "BIGINT", "s": "VARCHAR", "c": "VARCHAR", "d": "DATE", "ts": "TIMESTAMPTZ", "x": "DOUBLE", "m": "DECIMAL(10,3)", "b": "BOOLEAN",
    "n": "VARCHAR", "i": "BIGINT", "j": "BIGINT",
}  # fmt: skip
ROWS = r"""
(1, ' 中文　', 'a-b-c', DATE '2020-01-31', TIMESTAMPTZ '2020-01-31 23:59:59.5+08', 2.675, 1.005, true, '12', 7, 2),
(2, '𠮷野家 é', '370202', DATE '2020-02-29', TIMESTAMPTZ '2020-02-29 00:00:00+08', 1.005, -2.5, false, '1.5', -7, 2),
(3, NULL, '', DATE '1949-10-01', TIMESTAMPTZ '1986-06-01 12:00:00+08', -2.5, 0.125, NULL, ' -3 ', 7, 0),
(4, 'Ａ青岛市Ab', 'x', NULL, NULL, NULL, NULL, true, '1e3', NULL, 3),
(5, '', NULL, DATE '2021-01-03', TIMESTAMPTZ '2021-01-03 07:00:00+08', 0.0, 3.005, true, '１２', 0, 5),
(6, '	市南区　x ', 'a.b$c\d', DATE '2024-12-30', TIMESTAMPTZ '2024-12-31 23:30:00+08', 1e15, 99999.995, false, 'abc', 100, -3)"""

_LINES = r"""
i / j ¦ m / j ¦ x / i ¦ i / NULLIF(j, 0) ¦ i // j ¦ i % j ¦ mod(i, j) ¦ i // 2 ¦ -i ¦ i * j + 1 ¦ m * 2.5 ¦ m + m ¦ x * 3
round(x) ¦ round(x, 2) ¦ round(m, 2) ¦ round(m, 1) ¦ round(i, 1) ¦ round(CAST(i AS DOUBLE) / 3, 1) ¦ round(x * 100 / 7, 2) ¦ round(m) ¦ round(m / j, 2) ¦ 'x' || round(m, 1) ¦ round((DATE '2020-03-01' - d) / 365.25, 1)
(DATE '2020-03-01' - d) // 7 ¦ round(m * 1.1 / 3, 3) ¦ ceil(i / 2) ¦ '${before}' || k ¦ CAST(round(x / 3, 2) AS DECIMAL(18,2))
CAST(x AS BIGINT) ¦ CAST(m AS BIGINT) ¦ CAST(m AS DECIMAL(10,2)) ¦ CAST(least(x, 1e6) AS DECIMAL(12,2)) ¦ CAST(m AS DOUBLE) ¦ CAST(i AS DECIMAL(12,2))
CAST(b AS BIGINT) ¦ CAST(i AS INTEGER) ¦ CAST(i AS BOOLEAN) ¦ CAST(CAST(k AS VARCHAR) AS BIGINT) ¦ CAST('2020-05-0' || CAST(k AS VARCHAR) AS DATE)
TRY_CAST(n AS BIGINT) ¦ TRY_CAST(n AS DOUBLE) ¦ TRY_CAST(n AS DECIMAL(10,2)) ¦ TRY_CAST(n AS INTEGER) ¦ TRY_CAST(c AS DATE) ¦ TRY_CAST('20200504' || c AS DATE)
TRY_CAST('2020/' || CAST(k AS VARCHAR) || '/09' AS DATE) ¦ TRY_CAST('2020' || left(c, 0) AS DATE) ¦ TRY_CAST('2020-02-3' || CAST(k AS VARCHAR) AS DATE)
CAST(m AS VARCHAR) ¦ CAST(d AS VARCHAR) ¦ CAST(b AS VARCHAR) ¦ CAST(i AS VARCHAR) ¦ s || '·' || i ¦ concat(s, c, i, d, b) ¦ concat_ws('、', s, c, k) ¦ c || b
ceil(x) ¦ floor(x) ¦ ceil(m) ¦ floor(m) ¦ ceil(i) ¦ abs(i) ¦ abs(m) ¦ sign(i) ¦ sqrt(abs(i)) ¦ sign(x)
greatest(i, j) ¦ least(i, NULL, j) ¦ coalesce(s, c, '-') ¦ nullif(i, 7) ¦ ifnull(i, -1) ¦ CASE WHEN b THEN i ELSE j END ¦ if(b, 1, 2) ¦ s IS NULL
i IS DISTINCT FROM j ¦ i IS NOT DISTINCT FROM j ¦ i IN (7, 0) ¦ i NOT IN (7, 0) ¦ i BETWEEN 0 AND 7 ¦ b AND i > 0 OR j = 3 ¦ NOT b ¦ m >= 0.125 ¦ s < 'Ａ'
trim(s) ¦ ltrim(s) ¦ rtrim(s) ¦ trim(s, 'x ') ¦ length(s) ¦ lower(s) ¦ upper(s) ¦ substr(s, 2, 2) ¦ substring(s, 3) ¦ left(s, 2) ¦ right(s, 2)
replace(s, '市', '') ¦ translate(s, '市b', '城') ¦ strpos(s, '市') ¦ position('区' IN s) ¦ instr(s, 'A') ¦ starts_with(s, 'Ａ') ¦ ends_with(s, 'b') ¦ contains(s, '南')
split_part(c, '-', 2) ¦ split_part(c, '-', -1) ¦ split_part(c, '.', 9) ¦ lpad(c, 4, '零') ¦ rpad(s, 3, '*') ¦ repeat(c, 2) ¦ md5(s) ¦ sha256(s) ¦ md5(s || '|' || c)
s LIKE '%市%' ¦ s LIKE '_野_%' ¦ s ILIKE '%AB' ¦ c LIKE '%$%' ¦ s NOT LIKE '%市%' ¦ c = 'a.b$c\d' ¦ s || 'it''s "`' ¦ c LIKE '%' || left(c, 2) || '%' ¦ c LIKE '%c\d' ¦ s || CAST(NULL AS VARCHAR)
regexp_matches(s, '[一-龥]{2}') ¦ regexp_matches(c, '^\d{6}$') ¦ regexp_full_match(c, '[a-z](-[a-z])*') ¦ regexp_matches(c, '.b$') ¦ regexp_matches(c || '<lf>', 'c$')
regexp_replace(s, '\s', '', 'g') ¦ regexp_replace(c, '([a-z])[-.]', '\1_', 'g') ¦ regexp_replace(c, '\$', '$0\\', 'g') ¦ regexp_replace(s, '[\s　]+$', '', 'g')
regexp_extract(s, '([一-龥]+)(.)', 2) ¦ regexp_extract(c, '\d+') ¦ regexp_extract(s, '[^[a&&b]+') ¦ regexp_extract(c, '(z)?(\d)', 1)
regexp_replace(c, '([a-z])[-.]', '\1_\0') ¦ regexp_replace(s, '市|b', '7') ¦ regexp_replace(c, '^\d|b$|0', '') ¦ regexp_replace(c, '-.*', '')
date_diff('day', d, DATE '2020-03-01') ¦ date_diff('month', d, DATE '2020-03-01') ¦ date_diff('year', d, DATE '2020-03-01') ¦ date_diff('quarter', d, DATE '2020-03-01')
date_diff('day', ts, TIMESTAMPTZ '2020-03-01 00:00:00+08') ¦ date_diff('hour', ts, TIMESTAMPTZ '2020-03-01 00:00:00+08') ¦ d - DATE '2020-01-01' ¦ DATE '2020-01-01' - d
date_diff('minute', ts, TIMESTAMPTZ '2020-03-01 00:00:00+08') ¦ date_diff('second', ts, TIMESTAMPTZ '2020-03-01 00:00:00+08') ¦ d + CAST(k AS INTEGER) ¦ d + 1 ¦ d - 1
CAST(d + INTERVAL 1 MONTH AS DATE) ¦ d + INTERVAL 1 MONTH ¦ CAST(d - INTERVAL '1' YEAR AS DATE) ¦ ts + INTERVAL 2 HOUR ¦ ts - INTERVAL 1 DAY ¦ ts + INTERVAL 1 MONTH
date_trunc('month', d) ¦ date_trunc('year', d) ¦ date_trunc('quarter', d) ¦ date_trunc('week', d) ¦ CAST(date_trunc('month', d) AS DATE) ¦ date_trunc('day', d)
date_trunc('day', ts) ¦ date_trunc('month', ts) ¦ date_trunc('hour', ts) ¦ date_trunc('week', ts) ¦ CAST(ts AS DATE) ¦ CAST(d AS TIMESTAMPTZ)
d < ts ¦ d = CAST(ts AS DATE) ¦ d >= '2020-02-01' ¦ ts < '2020-02-01' ¦ ts <= getvariable('as_of') ¦ getvariable('as_of_day') - d ¦ getvariable('as_of')
year(d) ¦ month(d) ¦ day(ts) ¦ quarter(d) ¦ week(d) ¦ hour(ts) ¦ minute(ts) ¦ dayofweek(d) ¦ isodow(d) ¦ dayofyear(d) ¦ weekofyear(d) ¦ epoch(ts) ¦ weekday(d)
extract(dow FROM d) ¦ extract(isodow FROM ts) ¦ extract(doy FROM d) ¦ extract(year FROM ts) ¦ date_part('month', d) ¦ extract(week FROM d)
strftime(d, '%Y年%m月') ¦ strftime(ts, '%Y-%m-%d %H:%M:%S') ¦ last_day(d) ¦ make_date(2020, 2, CAST(k AS INTEGER))
row_number() OVER (ORDER BY s) ¦ row_number() OVER (ORDER BY s DESC) ¦ row_number() OVER (PARTITION BY b ORDER BY i DESC, k) ¦ rank() OVER (ORDER BY b)
sum(i) OVER (PARTITION BY b) ¦ avg(m) OVER (PARTITION BY b) ¦ avg(i) OVER (PARTITION BY b) ¦ sum(i) FILTER (WHERE b) OVER (PARTITION BY j) ¦ max(s) OVER (PARTITION BY b)
count(*) FILTER (WHERE b) OVER (ORDER BY k) ¦ lag(s, 1, '始') OVER (ORDER BY k) ¦ lead(d) OVER (ORDER BY k) ¦ last_value(s IGNORE NULLS) OVER (ORDER BY k)
first_value(s) OVER (ORDER BY k ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ¦ dense_rank() OVER (ORDER BY b NULLS FIRST) ¦ ntile(2) OVER (ORDER BY k)
percent_rank() OVER (ORDER BY k) ¦ cume_dist() OVER (ORDER BY k) ¦ nth_value(k, 2) OVER (ORDER BY k) ¦ min(s) OVER (PARTITION BY b)
sum(m) OVER (ORDER BY k RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) ¦ EXISTS (SELECT 1 FROM proof.cases AS o WHERE o.i = t.j)"""

_GROUPED = r"""
count(*) ¦ count(s) ¦ count(DISTINCT b) ¦ sum(i) ¦ sum(m) ¦ avg(i) ¦ avg(m) ¦ round(avg(x), 2) ¦ avg(m) FILTER (WHERE b) ¦ min(d) ¦ max(ts) ¦ min(s) ¦ max(s)
bool_or(b) ¦ bool_and(b) ¦ median(i) ¦ median(x) ¦ sum(i) FILTER (WHERE b) ¦ sum(CASE WHEN b THEN 1 ELSE 0 END) ¦ sum(i) / count(*) ¦ round(sum(m) / sum(i), 4)
string_agg(s, '、' ORDER BY s) ¦ string_agg(s, '、' ORDER BY k DESC) ¦ string_agg(DISTINCT c, ',' ORDER BY c) ¦ string_agg(DISTINCT c, ',' ORDER BY c DESC)
string_agg(c, ',' ORDER BY k) FILTER (WHERE b) ¦ string_agg(DISTINCT c, ',' ORDER BY c) FILTER (WHERE i > 50) ¦ string_agg(s, '' ORDER BY d, k)
count(*) FILTER (WHERE i > 0) ¦ count(DISTINCT c) FILTER (WHERE b)"""


def expressions() -> list[str]:
    """Expressions over one row of the table, which is `t`."""
    return [text.replace("<lf>", "\n") for text in _split(_LINES)]


def aggregates() -> list[str]:
    """Expressions over groups of rows."""
    return _split(_GROUPED)


def _split(text: str) -> list[str]:
    return [part for line in text.strip().splitlines() for part in line.split(" ¦ ")]
