/// What stands between the encoder and the heads.
public enum DecoderKind: String, Sendable, Codable, CaseIterable {
    /// Nothing: the forecast head reads the hidden state, the reconstruct head reads the code.
    case linear
    /// A cell of the same kind and size, which reads the code and carries its own state; both
    /// heads read its hidden state.
    case recurrent
}
