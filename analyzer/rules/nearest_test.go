package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/rules"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"rotation-disabIed":      "rotation-disabled",
		"ROTATION-DISABLE":       "rotation-disabled",
		"KMS1O1":                 "KMS101",
		"KMS 101":                "KMS101",
		"unsupported":            "rotation-unsupported",
		"":                       "",
		"x":                      "",
		"cluster":                "",
		strings.Repeat("x", 1e6): "",
	} {
		got := rules.Nearest(key)
		if want == "" && len(got) > 0 || want != "" && !slices.Contains(got, want) || len(got) > 3 {
			t.Errorf("%.40q: got %v, want %q", key, got, want)
		}
	}
}
