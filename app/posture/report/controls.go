package report

import (
	"strings"
)

// control is one control of a framework, as its owner numbers it.
type control struct {
	Framework string // "PCI DSS v4"
	ID        string // "3.7.4"; with the version or the service in parentheses where it counts there alone
}

// frameworks are the names that rules write in front of the numbers, in the order in which a report shows them.
func frameworks() []string {
	return []string{
		"AWS Well-Architected", "AWS Security Hub", "AWS Control Tower", "CIS AWS Foundations", "PCI DSS v4", "NIST SP 800-53",
		"HIPAA", "ISO 27001", "SOC 2", "CWE",
	}
}

// controls takes apart what a rule relates to: "PCI DSS v4 3.6.1, 3.7" are two controls. What no framework begins is
// left out.
func controls(compliance []string) []control {
	var all []control
	for _, text := range compliance {
		for _, framework := range frameworks() {
			numbers, ok := strings.CutPrefix(text, framework)
			if !ok {
				continue
			}
			if strings.HasPrefix(numbers, "-") {
				numbers = text // "CWE-798" is a number as a whole
			}
			for _, id := range atCommas(numbers) {
				all = append(all, control{Framework: framework, ID: id})
			}
			break
		}
	}
	return all
}

// atCommas splits at the commas that stand outside of parentheses.
func atCommas(s string) []string {
	var parts []string
	depth, start := 0, 0
	for i, c := range s {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(s[start:i]))
				start = i + 1
			}
		}
	}
	return append(parts, strings.TrimSpace(s[start:]))
}
