import { useState } from "preact/hooks";
import type { QueryData } from "../api/types";
import { count, type Unit, withUnit } from "../format/numbers";
import { stamp } from "../format/time";
import { useText } from "../i18n";
import { type Row, rowsOf } from "./series";

const page = 250; // rows at a time: ten thousand at once would hold up the browser

export function ResultTable({ data, unit }: { data: QueryData; unit: Unit }) {
  const text = useText();
  const [shown, setShown] = useState(page);
  const rows = rowsOf(data);
  const only = rows[0]?.values[0]?.time;
  return (
    <>
      {only !== undefined && data.resultType !== "matrix" && <p class="facts num">{text.query.at(stamp(only))}</p>}
      <div class="scroll" tabIndex={0} role="region" aria-label={text.query.table}>
        <table class="result">
          <thead><tr><th scope="col">{text.common.name}</th><th scope="col" class="right">{text.common.value}</th></tr></thead>
          <tbody>{rows.slice(0, shown).map((row) => <ResultRow key={row.name} row={row} unit={unit} dated={data.resultType === "matrix"} />)}</tbody>
        </table>
      </div>
      {rows.length > shown && <button type="button" onClick={() => setShown(shown + page)}>{text.common.more(Math.min(page, rows.length - shown))}</button>}
    </>
  );
}

function ResultRow({ row, unit, dated }: { row: Row; unit: Unit; dated: boolean }) {
  const text = useText();
  return (
    <tr>
      <th scope="row" class="code">{row.name}</th>
      <td class="right num">
        {row.values.map((v) => {
          const value = Number(v.text);
          const words = v.histogram ? text.query.samples(v.histogram.count, count(v.histogram.sum)) : v.text;
          const read = !v.histogram && unit !== "none" && Number.isFinite(value) ? withUnit(value, unit) : "";
          return (
            <div key={v.time}>
              {read && <span class="read">{read}</span>} {words}
              {dated && <span class="read"> @ {stamp(v.time)}</span>}
            </div>
          );
        })}
      </td>
    </tr>
  );
}
