import Testing

@testable import TocsinNN

struct InstructionSetTests {
    @Test func `without a name the best form is taken`() {
        #expect(InstructionSet.choice(nil) == .success(InstructionSet.chosen(nil)))
        #expect(InstructionSet.choice("") == InstructionSet.choice(nil))
        #expect(
            InstructionSet.choice(nil)
                == .success(
                    InstructionSet.supported[
                        InstructionSet.supported.count - 1
                    ]
                )
        )
    }

    @Test func `a name forces a form`() {
        #expect(InstructionSet.choice("generic") == .success(.generic))
    }

    @Test func `a name that is none, or that this machine does not run, is an error`() {
        let names = InstructionSet.allCases.filter { !$0.isSupported }.map(\.rawValue) + ["sse9"]
        for name in names {
            guard case .failure(let error) = InstructionSet.choice(name) else {
                Issue.record("'\(name)' was taken")
                continue
            }
            #expect(
                error.description.hasPrefix("TOCSIN_KERNELS is '\(name)'; this machine runs 'g")
            )
        }
    }
}
