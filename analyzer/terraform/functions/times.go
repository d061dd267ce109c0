package functions

import (
	"time"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

var timeCmpFunc = stringsTo(cty.Number, []string{"timestamp_a", "timestamp_b"}, func(args []string) (cty.Value, error) {
	var times [2]time.Time
	for i, arg := range args {
		t, err := time.Parse(time.RFC3339, arg)
		if err != nil {
			return cty.NilVal, function.NewArgErrorf(i, "an RFC 3339 timestamp is required, such as 2006-01-02T15:04:05Z")
		}
		times[i] = t
	}
	return cty.NumberIntVal(int64(times[0].Compare(times[1]))), nil
})
