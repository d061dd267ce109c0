package rules

import (
	"cmp"
	"slices"
	"strings"
)

// maxNear is how many names are worth a reader's look.
const maxNear = 3

// Nearest lists the IDs and names that somebody may have meant by a key that is none: those a few letters away, and
// those that hold it, the nearest first.
func Nearest(key string) []string {
	key = strings.ToLower(key[:min(len(key), 60)])
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, r := range All() {
		for _, name := range []string{r.ID, r.Name} {
			lower := strings.ToLower(name)
			d := distance(key, lower)
			if len(key) >= 4 && strings.Contains(lower, key) {
				d = min(d, 1)
			}
			if d <= 1+len(key)/5 {
				near = append(near, candidate{name, d})
			}
		}
	}
	slices.SortStableFunc(near, func(x, y candidate) int { return cmp.Compare(x.distance, y.distance) })
	var names []string
	for _, c := range near[:min(len(near), maxNear)] {
		names = append(names, c.name)
	}
	return names
}

// distance is the number of bytes to insert, delete or replace to make one text of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
