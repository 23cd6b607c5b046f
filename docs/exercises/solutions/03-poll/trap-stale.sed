# After poll has returned -1 the list is looked at all the same.
s/^            continue;$//
