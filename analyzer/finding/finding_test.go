package finding

import (
	"strings"
	"testing"
)

// TestCode shows that nothing of a repository leaves its code span, and that a long text is cut.
func TestCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"kms:*":                        "`kms:*`",
		"a`b\n# c\td":                  "`a'b'# c'd`",
		"a b":                          "`a b`",
		strings.Repeat("ä", maxCode):   "`" + strings.Repeat("ä", maxCode) + "`",
		strings.Repeat("ä", maxCode+1): "`" + strings.Repeat("ä", maxCode) + "…`",
	} {
		if got := Code(text); got != want {
			t.Errorf("%q is shown as %s, want %s", text, got, want)
		}
	}
}
