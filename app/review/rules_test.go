package review

import (
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/rules"
)

func TestChooseRules(t *testing.T) {
	t.Parallel()
	all := len(rules.All())
	settings := map[string]bool{"KMS104": false}
	tests := map[string]struct {
		count int
		on    []string
		off   []string
	}{
		"all":                 {count: all, on: []string{"KMS101", "KMS104"}},
		"default":             {count: len(rules.Default()) - 1, on: []string{"KMS101"}, off: []string{"KMS104"}},
		"KMS101":              {count: 1, on: []string{"KMS101"}},
		"kms101, KMS104":      {count: 2, on: []string{"KMS101", "KMS104"}},
		"rotation-disabled":   {count: 1, on: []string{"KMS101"}},
		"-KMS101":             {count: len(rules.Default()) - 2, off: []string{"KMS101", "KMS104"}},
		"default,KMS104":      {count: len(rules.Default()), on: []string{"KMS101", "KMS104"}},
		"all,-KMS101,-KMS104": {count: all - 2, off: []string{"KMS101", "KMS104"}},
		"KMS101,-KMS101":      {count: 0},
	}
	for list, test := range tests {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			chosen, err := chooseRules(list, settings)
			if err != nil {
				t.Fatal(err)
			}
			count := 0
			for _, r := range rules.All() {
				on, decided := chosen[r.ID]
				if !decided {
					t.Errorf("%s is left to its own default", r.ID)
				}
				if on {
					count++
				}
			}
			if count != test.count {
				t.Errorf("%d rules on, want %d", count, test.count)
			}
			for _, id := range test.on {
				if !chosen[id] {
					t.Errorf("%s is off", id)
				}
			}
			for _, id := range test.off {
				if chosen[id] {
					t.Errorf("%s is on", id)
				}
			}
		})
	}
	for _, list := range []string{"KMS000", ",", "--KMS101", "all;KMS101"} {
		if _, err := chooseRules(list, settings); err == nil || !strings.Contains(err.Error(), "unknown rule") {
			t.Errorf("%q: error %v", list, err)
		}
	}
	if chosen, err := chooseRules("", settings); err != nil || len(chosen) != 1 {
		t.Errorf("without a list the settings hold, got %v, %v", chosen, err)
	}
}
