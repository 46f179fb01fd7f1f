package inventory

import "fmt"

// Suggest gives ` (did you mean "x"?)` when a known word is near, and "" otherwise.
func Suggest(word string, known []string) string {
	if len(known) > maxSuggestions {
		return ""
	}
	best, nearest := "", min(max(len(word)/3, 1), 5)+1
	for _, k := range known {
		if d := distance(word, k); d < nearest {
			best, nearest = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

const (
	maxSuggestLength = 64    // bytes; longer words are no typing mistakes
	maxSuggestions   = 1_000 // words; more of them would take their time
)

// distance counts the letters to insert, delete, replace or swap with the next one to get from a to b
// (optimal string alignment).
func distance(a, b string) int {
	if len(a) > maxSuggestLength || len(b) > maxSuggestLength {
		return maxSuggestLength
	}
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			replace := row[j]
			if a[i] != b[j] {
				replace++
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, replace)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
