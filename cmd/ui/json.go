package ui

import (
	"encoding/json"
	"fmt"
)

// Emit writes one object of --json and nothing otherwise. The value must encode as an object; kind becomes its "type".
func (u *UI) Emit(kind string, value any) {
	if !u.JSON {
		return
	}
	body, err := json.Marshal(value)
	if err != nil {
		body = fmt.Appendf(nil, `{"error":%q}`, err)
	}
	line := fmt.Sprintf(`{"type":%q`, kind)
	if len(body) > 2 {
		line += ","
	}
	u.write(u.out, line+string(body[1:])+"\n")
}
