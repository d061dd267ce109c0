package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/rules"
)

func TestReadmeListsTheRules(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules.All() {
		row := fmt.Sprintf("| %s | %s | %s | %s |\n", r.ID, r.Name, r.Severity, r.Title)
		if !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks the row\n%s", row)
		}
	}
	if listed := strings.Count(string(readme), "\n| KMS"); listed != len(rules.All()) {
		t.Errorf("README.md lists %d rules, there are %d", listed, len(rules.All()))
	}
}
