package render

import (
	"fmt"
	"strings"
)

const (
	// outputBytes is GitHub's limit for a check run's summary and for its text (65,535 characters, taken as
	// bytes to be on the safe side).
	// https://docs.github.com/en/rest/checks/runs#create-a-check-run
	outputBytes = 65535
	// reserve is kept free in the text for what the publisher could not place.
	reserve = 6000
)

// fit joins as many items as there is room for, whole ones only, and says how many it left out.
func fit(items []string, room int, noun string) string {
	const noteBytes = 120
	total := 0
	for _, item := range items {
		total += len(item)
	}
	if total <= room {
		return strings.Join(items, "")
	}
	used, n := 0, 0
	for n < len(items) && used+len(items[n]) <= room-noteBytes {
		used += len(items[n])
		n++
	}
	return strings.Join(items[:n], "") + fmt.Sprintf("\n_%s not shown: GitHub's limit for this page is reached._\n", plural(len(items)-n, noun))
}
